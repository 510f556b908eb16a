-- Counters that nobody counts by any more are looked for once an hour, while
-- every hold wrote this index.
drop index quota_counter_by_time;
