#ifndef ALB_WEB_ASSETS_H
#define ALB_WEB_ASSETS_H

#include <stddef.h>

/// One file of the web pages, compressed when it was packed.
struct alb_asset {
    /// Path inside `Public`, such as `app/main.js`; sorted by bytes.
    const char *path;
    const char *content_type;
    const unsigned char *gzip_bytes;
    size_t gzip_length;
    size_t raw_length;
};

/// All files. `count` is 0 when the pack was not made before this build (`make web`).
const struct alb_asset *alb_assets(size_t *count);

/// Names the contents of the pack; empty text when there is none.
const char *alb_assets_hash(void);

/// `index.html` as it is, since the server fills in `{{static}}` before it sends it. A null pointer when there is no pack.
const char *alb_assets_shell(size_t *length);

#endif
