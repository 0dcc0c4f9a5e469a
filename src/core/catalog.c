#include "core/catalog.h"

/* The assembler copies a file's bytes in: data stays data, and the build needs no tool for it. */
#define EMBED(name, file)                          \
    __asm__(".section .rodata\n"                   \
            ".global ps_catalog_" name "_start\n"  \
            ".global ps_catalog_" name "_end\n"    \
            "ps_catalog_" name "_start:\n"         \
            ".incbin \"" PENSTOCK_DATA file "\"\n" \
            "ps_catalog_" name "_end:\n"           \
            ".byte 0\n"                            \
            ".previous\n")

EMBED("limits", "/limits.json");
EMBED("startup", "/startup.json");
EMBED("models", "/models.json");

extern const char ps_catalog_limits_start[];
extern const char ps_catalog_limits_end[];
extern const char ps_catalog_startup_start[];
extern const char ps_catalog_startup_end[];
extern const char ps_catalog_models_start[];
extern const char ps_catalog_models_end[];

static struct ps_str between(const char *const start, const char *const end)
{
    return (struct ps_str){start, (size_t)(end - start)};
}

struct ps_str ps_catalog_limits(void)
{
    return between(ps_catalog_limits_start, ps_catalog_limits_end);
}

struct ps_str ps_catalog_startup(void)
{
    return between(ps_catalog_startup_start, ps_catalog_startup_end);
}

struct ps_str ps_catalog_models(void)
{
    return between(ps_catalog_models_start, ps_catalog_models_end);
}
