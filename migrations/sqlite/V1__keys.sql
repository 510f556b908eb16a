-- The master keys that this database has met. `check_value` is a constant
-- sealed with that key: a key that cannot open it is not that key.
create table master_key (
    master_kid text primary key,
    check_value blob not null,
    added_at_ms bigint not null
);

-- Provider keys, sealed. One a provider for each person and each server.
-- Times are milliseconds since 1970; `paused` is 0 or 1.
create table provider_key (
    key_id text primary key,
    scope text not null,
    owner_id bigint not null,
    provider text not null,
    name text,
    hint text,
    sealed blob not null,
    master_kid text not null,
    health text not null,
    paused bigint not null,
    expires_at_ms bigint,
    added_by bigint not null,
    added_at_ms bigint not null,
    checked_at_ms bigint,
    last_used_at_ms bigint,
    unique (scope, owner_id, provider)
);

-- What a form or a button will do, once, for one person. Its id is what
-- Discord carries for us.
create table pending_action (
    pending_id text primary key,
    kind text not null,
    person_id bigint not null,
    server_id bigint,
    scope text not null,
    provider text not null,
    name text,
    expires_at_ms bigint not null
);

create index pending_action_by_expiry on pending_action (expires_at_ms);

-- When keys were checked, so that nobody tries stolen keys here.
create table key_check (
    check_id text primary key,
    person_id bigint not null,
    server_id bigint,
    checked_at_ms bigint not null
);

create index key_check_by_person on key_check (person_id, checked_at_ms);
create index key_check_by_server on key_check (server_id, checked_at_ms);
create index key_check_by_time on key_check (checked_at_ms);
