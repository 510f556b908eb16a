-- Processes that use the database, each with the end of its lease by the
-- database's clock. SQLite's file has one process at a time, whose lease
-- lasts as long as its claim on the file.
create table process_lease (
    process_id bigint primary key,
    ends_at_ms bigint not null
) without rowid;

-- Whose hold it is, so that it is settled when that process is gone. What
-- was held before this step belongs to a process that is.
alter table attempt add column process_id bigint;
update attempt set process_id = 0 where state = 'held';

-- And which process makes the call.
alter table idempotent_call add column process_id bigint;
update idempotent_call set process_id = 0 where status is null;

create index idempotent_call_open on idempotent_call (process_id) where status is null;
