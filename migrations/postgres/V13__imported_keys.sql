-- Provider keys that were found in a file somebody imported, sealed, until
-- that person says which of them are wanted: a few minutes. `health` is null
-- while the provider has not been asked.
create table imported_key (
    imported_key_id text primary key,
    import_id text not null,
    person_id bigint not null,
    server_id bigint,
    scope text not null,
    provider text not null,
    variable text,
    hint text,
    sealed bytea not null,
    health text,
    checked_at_ms bigint,
    expires_at_ms bigint not null
);

create index imported_key_by_import on imported_key (import_id);
create index imported_key_by_expiry on imported_key (expires_at_ms);
