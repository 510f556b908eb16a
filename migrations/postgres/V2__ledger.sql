-- The ledger: one row per attempt to have a provider answer. Nothing of
-- what was said. `held_…` is what was reserved; the other amounts are what
-- was used, once the attempt has ended. Money is nano-dollars, null where
-- nobody knows the price. The id begins with the time.
create table attempt (
    attempt_id bytea primary key,
    person_id bigint,
    server_id bigint,
    source text not null,
    key_id text,
    provider text not null,
    model text not null,
    state text not null,
    outcome text,
    held_at_ms bigint not null,
    held_input_tokens bigint not null,
    held_output_tokens bigint not null,
    held_images bigint not null,
    held_cost_nano bigint,
    counted text not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cached_tokens bigint not null,
    reasoning_tokens bigint not null,
    images bigint not null,
    cost_nano bigint,
    estimated bigint not null,
    cost_reported bigint not null,
    clamped bigint not null,
    first_byte_ms bigint,
    duration_ms bigint
);

create index attempt_held on attempt (held_at_ms) where state = 'held';

-- What each limit has counted; `ledger/counter.rs` reads its state.
create table quota_counter (
    counter text primary key,
    state text not null,
    touched_at_ms bigint not null
);

create index quota_counter_by_time on quota_counter (touched_at_ms);

-- Sums of the ledger by day (days since 1970, UTC), kept as attempts end,
-- so that nobody has to add up the ledger. Scopes: 'user' and 'guild' by
-- source, provider and model; 'member' by member of a server; 'bot' for
-- the whole bot.
create table usage_total (
    scope text not null,
    owner_id bigint not null,
    day bigint not null,
    member_id bigint not null,
    source text not null,
    provider text not null,
    model text not null,
    requests bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cached_tokens bigint not null,
    reasoning_tokens bigint not null,
    images bigint not null,
    cost_nano bigint not null,
    unpriced bigint not null,
    estimated bigint not null,
    primary key (scope, owner_id, day, member_id, source, provider, model)
);

-- Limits that people set: the operator's (server 0), or a server's on its
-- own key. `subject_id` is a role, a server or a person, or 0.
create table quota_limit (
    server_id bigint not null,
    bound text not null,
    subject_id bigint not null,
    metric text not null,
    period text not null,
    window_kind text not null,
    amount bigint not null,
    set_by bigint not null,
    set_at_ms bigint not null,
    primary key (server_id, bound, subject_id, metric, period, window_kind)
);

-- Roles that no limit by member or role binds.
create table exempt_role (
    server_id bigint not null,
    role_id bigint not null,
    primary key (server_id, role_id)
);

-- Tiers that the operator gave by hand.
create table person_tier (
    person_id bigint primary key,
    tier text not null,
    until_ms bigint,
    set_by bigint not null,
    set_at_ms bigint not null
);

-- Whom the operator has stopped: 'everyone', 'server/<id>', 'person/<id>'.
create table block (
    subject text primary key,
    until_ms bigint,
    set_by bigint not null,
    set_at_ms bigint not null
);
