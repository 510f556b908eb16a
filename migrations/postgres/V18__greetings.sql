-- Servers that added the bot a short while ago, with when they did, so that each
-- is greeted once, whatever connects or starts again meanwhile.
create table greeted_server (
    server_id bigint primary key,
    joined_at_ms bigint not null
);
