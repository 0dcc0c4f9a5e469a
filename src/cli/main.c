/*
 * main - what the system calls.
 */
#include "cli/program.h"

int main(const int argc, char **const argv)
{
    return ps_program_run(argc, argv);
}
