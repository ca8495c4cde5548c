"""Backup and restore of the state and the scheduler's jobs together.

A backup is of one point in time, while the system runs: what a power cut would leave then. The
store's writes are held for some milliseconds, in which the revision of the scheduler's etcd is
read and a snapshot of the store begins; both are then copied at leisure.

Why at one point: a job (a wake-up) is created before the state that needs it is saved, and deleted
after the state that it led to is saved. With jobs older than the state, some are lost, which the
orchestrator's reconciliation creates again, and some fire twice, which is what at-least-once means.
With a state older than the jobs, what fires may be the wake-up of a turn that this state never
took.
"""
