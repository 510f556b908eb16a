-- Processes that use the database, each with the end of its lease by the
-- database's clock.
create table process_lease (
    process_id bigint primary key,
    ends_at_ms bigint not null
);

-- Whose hold it is, so that it is settled when that process is gone. Those
-- of processes that know no leases have none, and are settled by their age.
alter table attempt add column process_id bigint;

-- And which process makes the call.
alter table idempotent_call add column process_id bigint;

create index idempotent_call_open on idempotent_call (process_id) where status is null;
