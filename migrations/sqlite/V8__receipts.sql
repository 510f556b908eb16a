-- What a call cost, line by line: `receipt` has, for each class of what was
-- used, its name, how much it was, and the price in nano-dollars of a unit of
-- it (a million tokens, a thousand searches, one picture, a second), as in
-- `input=900@100000000 web_search=1@?`; `price_list` the day of the list and
-- its name. Null for attempts before this, and where nothing was used.
-- `overshoot`: more was used than was held.
alter table attempt add column overshoot bigint not null default 0;
alter table attempt add column receipt text;
alter table attempt add column price_list text;
