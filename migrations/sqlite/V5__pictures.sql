-- Pictures that are being made, and those of the last days, without a word
-- of what they show: so that a crash loses none, and that they can be made
-- again.
create table picture (
    picture_id text primary key,
    person_id bigint not null,
    server_id bigint,
    channel_id bigint not null,
    message_id bigint,
    attempt_id blob not null,
    width bigint,
    height bigint,
    count bigint not null,
    seed bigint not null,
    is_edit bigint not null,
    mark bigint not null,
    host_job text,
    began_at_ms bigint not null,
    ended_at_ms bigint
) without rowid;

create index picture_open on picture (began_at_ms) where ended_at_ms is null;
create index picture_by_person on picture (person_id);
create index picture_by_time on picture (began_at_ms);
