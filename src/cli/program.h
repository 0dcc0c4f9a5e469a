/*
 * program - the whole program but for main: reads the command line, opens the log, gives the work
 * to one command.
 *
 * Threads: one (commands may start others, and end them).
 */
#ifndef PS_CLI_PROGRAM_H
#define PS_CLI_PROGRAM_H

/* Returns the exit status. `argv` ends with NULL. */
int ps_program_run(int argc, char **argv);

#endif
