-- Tokens with which programs speak for a person. Of a token only its
-- SHA-256 is kept; `token_id` names it. Scopes are words with spaces.
create table access_token (
    token_id text primary key,
    person_id bigint not null,
    name text,
    hash blob not null unique,
    scopes text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    last_used_at_ms bigint
) without rowid;

create index access_token_by_person on access_token (person_id);
create index access_token_by_expiry on access_token (expires_at_ms);

-- Calls that must not be made twice, for a day: no word of them or of what
-- was answered. `status` is null while the call is being made.
create table idempotent_call (
    token_id text not null,
    key_hash blob not null,
    call_hash blob not null,
    began_at_ms bigint not null,
    status bigint,
    attempt_id blob,
    primary key (token_id, key_hash)
) without rowid;

create index idempotent_call_by_time on idempotent_call (began_at_ms);
