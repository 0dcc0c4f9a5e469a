#include "core/catalog.h"

/* The assembler copies the file's bytes in: data stays data, and the build needs no tool for it. */
__asm__(".section .rodata\n"
        ".global ps_catalog_limits_start\n"
        ".global ps_catalog_limits_end\n"
        "ps_catalog_limits_start:\n"
        ".incbin \"" PENSTOCK_DATA "/limits.json\"\n"
        "ps_catalog_limits_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char ps_catalog_limits_start[];
extern const char ps_catalog_limits_end[];

struct ps_str ps_catalog_limits(void)
{
    return (struct ps_str){ps_catalog_limits_start,
                           (size_t)(ps_catalog_limits_end - ps_catalog_limits_start)};
}
