-- The ids of the other servers that a session's person was in when they signed
-- in, with spaces between, so that they can look at what pays for them there.
alter table session add column joined text not null default '';
