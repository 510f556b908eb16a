-- Sign-ins that were begun in a browser, for ten minutes. Of the state that
-- Discord hands back and of the cookie that the browser keeps there are only
-- SHA-256s; the code verifier is made of both, and is in no row. `next` is the
-- address in the console that comes afterwards.
create table sign_in (
    state_hash bytea primary key,
    cookie_hash bytea not null,
    next text not null,
    expires_at_ms bigint not null
);

create index sign_in_by_expiry on sign_in (expires_at_ms);

-- Browsers in which somebody is signed in. Of the cookie there is only its
-- SHA-256; `session_id` names the session. `servers` are the ids of those
-- that their person could manage when they signed in, with spaces between.
create table session (
    session_id text primary key,
    person_id bigint not null,
    hash bytea not null unique,
    name text not null,
    servers text not null,
    browser text not null,
    signed_in_at_ms bigint not null,
    seen_at_ms bigint not null,
    ends_at_ms bigint not null
);

create index session_by_person on session (person_id);
create index session_by_end on session (ends_at_ms);

-- What the next page of a session says once, about what was done a moment ago.
create table flash_message (
    flash_id text primary key,
    session_id text not null,
    text text not null,
    put_at_ms bigint not null
);

create index flash_message_by_session on flash_message (session_id);
create index flash_message_by_time on flash_message (put_at_ms);
