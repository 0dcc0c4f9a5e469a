/*
 * job_view - a job as Get and List show it.
 *
 * Threads: the world's lock is held.
 */
#ifndef PS_SIM_JOB_VIEW_H
#define PS_SIM_JOB_VIEW_H

#include "sim/jobs.h"
#include "sim/writer.h"

/* `is_whole`: as Get shows it; a List leaves message and token out. */
void ps_job_view_write(struct ps_jobs *jobs, const struct ps_job *job, int64_t now_ms,
                       bool is_whole, struct ps_writer *writer);

#endif
