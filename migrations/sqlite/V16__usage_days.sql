-- Sums for quarters of an hour and sums for days have a table each, so that whoever
-- adds up a table counts every attempt once. `quarter` is the quarter of an hour,
-- counted from 1970, and of a day its first one. The rest is as it was.
alter table usage_total rename to usage_of_both;

create table usage_total (
    scope text not null,
    owner_id bigint not null,
    quarter bigint not null,
    member_id bigint not null,
    server_id bigint not null,
    source text not null,
    key_id text not null,
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
    primary key (scope, owner_id, quarter, member_id, server_id, source, key_id, provider,
        model)
) without rowid;

create table usage_day (
    scope text not null,
    owner_id bigint not null,
    quarter bigint not null,
    member_id bigint not null,
    server_id bigint not null,
    source text not null,
    key_id text not null,
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
    primary key (scope, owner_id, quarter, member_id, server_id, source, key_id, provider,
        model)
) without rowid;

insert into usage_total select scope, owner_id, quarter, member_id, server_id, source, key_id,
    provider, model, requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
    images, cost_nano, unpriced, estimated
from usage_of_both where quarters = 1;

insert into usage_day select scope, owner_id, quarter, member_id, server_id, source, key_id,
    provider, model, requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
    images, cost_nano, unpriced, estimated
from usage_of_both where quarters = 96;

drop table usage_of_both;
