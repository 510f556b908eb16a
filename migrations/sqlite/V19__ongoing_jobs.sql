-- Which attempt began a job that goes on at its provider after its call was
-- answered, so that it is settled when somebody asks what became of it. Whose job
-- it is, where, and what its provider calls it, are a hash.
create table ongoing_job (
    job_hash blob primary key,
    attempt_id blob not null,
    began_at_ms bigint not null
) without rowid;

create index ongoing_job_by_time on ongoing_job (began_at_ms);
