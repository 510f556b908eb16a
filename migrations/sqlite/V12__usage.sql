-- Sums of the ledger, kept as attempts end, so that nobody has to add up the
-- ledger. Each is kept twice: for its quarter of an hour, so that days can begin
-- wherever a time zone says, and for its day of UTC, so that a year is read fast.
-- `quarters` is how many quarters of an hour a row spans (1 or 96), `quarter`
-- which is its first one, counted from 1970.
-- Scopes: 'user' by server, payer, key and model; 'guild', what a server's keys
-- paid, by key and model; 'member', the same by member; 'bot', the whole bot, by
-- payer and model. What a scope does not tell apart is 0 or empty.
alter table usage_total rename to usage_by_day;

create table usage_total (
    scope text not null,
    owner_id bigint not null,
    quarters bigint not null,
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
    primary key (scope, owner_id, quarters, quarter, member_id, server_id, source, key_id,
        provider, model)
) without rowid;

-- What attempts that are still kept used, by everything that rows tell apart.
create temporary table known_use as
select coalesce(person_id, 0) as person_id, coalesce(server_id, 0) as server_id, source,
    coalesce(key_id, '') as key_id, provider, model, held_at_ms / 900000 as quarter,
    count(*) as requests, cast(sum(input_tokens) as bigint) as input_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(cached_tokens) as bigint) as cached_tokens,
    cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
    cast(sum(images) as bigint) as images,
    cast(coalesce(sum(cost_nano), 0) as bigint) as cost_nano,
    cast(sum(case when cost_nano is null then 1 else 0 end) as bigint) as unpriced,
    cast(sum(estimated) as bigint) as estimated
from attempt where state in ('settled', 'expired')
group by 1, 2, 3, 4, 5, 6, 7;

insert into usage_total select 'user', person_id, 1, quarter, 0, server_id, source, key_id,
    provider, model, cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use where
    person_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'user', person_id, 96, quarter / 96 * 96, 0, server_id, source,
    key_id, provider, model, cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use where
    person_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'guild', server_id, 1, quarter, 0, 0, source, key_id, provider,
    model, cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use where
    source = 'server' and server_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'guild', server_id, 96, quarter / 96 * 96, 0, 0, source, key_id,
    provider, model, cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use where
    source = 'server' and server_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'member', server_id, 1, quarter, person_id, 0, '', '', '', '',
    cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint), cast(sum(output_tokens) as
    bigint), cast(sum(cached_tokens) as bigint), cast(sum(reasoning_tokens) as bigint),
    cast(sum(images) as bigint), cast(sum(cost_nano) as bigint), cast(sum(unpriced) as bigint),
    cast(sum(estimated) as bigint) from known_use where source = 'server' and server_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'member', server_id, 96, quarter / 96 * 96, person_id, 0, '', '',
    '', '', cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use where
    source = 'server' and server_id <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'bot', 0, 1, quarter, 0, 0, source, '', provider, model,
    cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint), cast(sum(output_tokens) as
    bigint), cast(sum(cached_tokens) as bigint), cast(sum(reasoning_tokens) as bigint),
    cast(sum(images) as bigint), cast(sum(cost_nano) as bigint), cast(sum(unpriced) as bigint),
    cast(sum(estimated) as bigint) from known_use
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

insert into usage_total select 'bot', 0, 96, quarter / 96 * 96, 0, 0, source, '', provider,
    model, cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint),
    cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint),
    cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), cast(sum(cost_nano) as
    bigint), cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint) from known_use
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

-- What the old sums have beyond that: its attempts are kept no more. It stands in
-- the middle of its day.
create temporary table other_use as
select earlier.scope, earlier.owner_id, earlier.day, earlier.member_id, earlier.source,
    earlier.provider, earlier.model,
    max(earlier.requests - coalesce(counted.requests, 0), 0) as requests,
    max(earlier.input_tokens - coalesce(counted.input_tokens, 0), 0) as input_tokens,
    max(earlier.output_tokens - coalesce(counted.output_tokens, 0), 0) as output_tokens,
    max(earlier.cached_tokens - coalesce(counted.cached_tokens, 0), 0) as cached_tokens,
    max(earlier.reasoning_tokens - coalesce(counted.reasoning_tokens, 0), 0) as reasoning_tokens,
    max(earlier.images - coalesce(counted.images, 0), 0) as images,
    max(earlier.cost_nano - coalesce(counted.cost_nano, 0), 0) as cost_nano,
    max(earlier.unpriced - coalesce(counted.unpriced, 0), 0) as unpriced,
    max(earlier.estimated - coalesce(counted.estimated, 0), 0) as estimated
from usage_by_day earlier left join (
    select scope, owner_id, quarter / 96 as day, member_id, source, provider, model,
        cast(sum(requests) as bigint) as requests,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cached_tokens) as bigint) as cached_tokens,
        cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
        cast(sum(images) as bigint) as images,
        cast(sum(cost_nano) as bigint) as cost_nano,
        cast(sum(unpriced) as bigint) as unpriced,
        cast(sum(estimated) as bigint) as estimated
    from usage_total where quarters = 96 group by 1, 2, 3, 4, 5, 6, 7
) counted on counted.scope = earlier.scope and counted.owner_id = earlier.owner_id
    and counted.day = earlier.day and counted.member_id = earlier.member_id
    and counted.source = earlier.source and counted.provider = earlier.provider
    and counted.model = earlier.model
where earlier.requests > coalesce(counted.requests, 0);

insert into usage_total select scope, owner_id, 1, day * 96 + 48, member_id, 0, source, '',
    provider, model, requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
    images, cost_nano, unpriced, estimated from other_use where true
on conflict (scope, owner_id, quarters, quarter, member_id, server_id, source, key_id,
    provider, model) do update set
    requests = usage_total.requests + excluded.requests,
    input_tokens = usage_total.input_tokens + excluded.input_tokens,
    output_tokens = usage_total.output_tokens + excluded.output_tokens,
    cached_tokens = usage_total.cached_tokens + excluded.cached_tokens,
    reasoning_tokens = usage_total.reasoning_tokens + excluded.reasoning_tokens,
    images = usage_total.images + excluded.images,
    cost_nano = usage_total.cost_nano + excluded.cost_nano,
    unpriced = usage_total.unpriced + excluded.unpriced,
    estimated = usage_total.estimated + excluded.estimated;

insert into usage_total select scope, owner_id, 96, day * 96, member_id, 0, source, '',
    provider, model, requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
    images, cost_nano, unpriced, estimated from other_use where true
on conflict (scope, owner_id, quarters, quarter, member_id, server_id, source, key_id,
    provider, model) do update set
    requests = usage_total.requests + excluded.requests,
    input_tokens = usage_total.input_tokens + excluded.input_tokens,
    output_tokens = usage_total.output_tokens + excluded.output_tokens,
    cached_tokens = usage_total.cached_tokens + excluded.cached_tokens,
    reasoning_tokens = usage_total.reasoning_tokens + excluded.reasoning_tokens,
    images = usage_total.images + excluded.images,
    cost_nano = usage_total.cost_nano + excluded.cost_nano,
    unpriced = usage_total.unpriced + excluded.unpriced,
    estimated = usage_total.estimated + excluded.estimated;

drop table known_use;
drop table other_use;
drop table usage_by_day;
