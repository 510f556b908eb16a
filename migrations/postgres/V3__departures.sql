-- Servers that removed the bot, and when. Their keys are suspended at once
-- and deleted when the time of grace is over.
create table departed_server (
    server_id bigint primary key,
    left_at_ms bigint not null
);
