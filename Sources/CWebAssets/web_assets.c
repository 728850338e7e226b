#include "web_assets.h"

// A checkout that never ran `make web` still builds; its server says that it has no web pages.
#if __has_include("web_assets.inc")
#include "web_assets.inc"

const struct alb_asset *alb_assets(size_t *count) {
    *count = ALB_COUNT;
    return alb_table;
}

const char *alb_assets_hash(void) {
    return ALB_HASH;
}

const char *alb_assets_shell(size_t *length) {
    *length = ALB_SHELL_LENGTH;
    return (const char *)alb_shell_bytes;
}

#else

const struct alb_asset *alb_assets(size_t *count) {
    *count = 0;
    return NULL;
}

const char *alb_assets_hash(void) {
    return "";
}

const char *alb_assets_shell(size_t *length) {
    *length = 0;
    return NULL;
}

#endif
