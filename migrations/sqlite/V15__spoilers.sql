-- Whether a picture is hidden until somebody presses on it, so that a restart
-- and its buttons keep to that.
alter table picture add column is_spoiler bigint not null default 0;
