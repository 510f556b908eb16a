-- Where a conversation was forgotten: nothing up to this message is
-- remembered any more.
create table forgotten (
    channel_id bigint primary key,
    person_id bigint not null,
    message_id bigint not null
);

-- The model or persona that was chosen for a person, a channel or a server.
create table choice (
    scope text not null,
    owner_id bigint not null,
    kind text not null,
    value text not null,
    set_by bigint not null,
    primary key (scope, owner_id, kind)
) without rowid;

-- Answers, without a word of them: so that one that a crash broke off can
-- say so, that it can be given again, and that its details can be shown.
create table answer (
    answer_id text primary key,
    person_id bigint not null,
    server_id bigint,
    channel_id bigint not null,
    first_message_id bigint,
    last_message_id bigint,
    reply_to bigint,
    provider text,
    model text,
    persona text,
    attempt_id blob,
    trace text,
    began_at_ms bigint not null,
    ended_at_ms bigint
) without rowid;

create index answer_unfinished on answer (began_at_ms) where ended_at_ms is null;
create index answer_by_person on answer (person_id);
create index answer_by_time on answer (began_at_ms);

-- Whose stop it is: a server's own, or the operator's (0); and whether it
-- is for a role, which is looked for among those of whoever asks.
alter table block add column server_id bigint not null default 0;
alter table block add column is_role bigint not null default 0;
create index block_by_server on block (server_id) where server_id <> 0;
create index block_by_role on block (is_role) where is_role = 1;
