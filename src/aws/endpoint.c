#include "aws/endpoint.h"

#include "aws/http.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *variable;
    const char *signing_name;
    const char *host_name; /* of the public endpoint, before the Region */
} services[PS_AWS_SERVICE_COUNT] = {
    [PS_AWS_S3] = {"S3", "s3", "s3"},
    [PS_AWS_BEDROCK] = {"BEDROCK", "bedrock", "bedrock"},
    [PS_AWS_BEDROCK_RUNTIME] = {"BEDROCK_RUNTIME", "bedrock", "bedrock-runtime"},
    [PS_AWS_STS] = {"STS", "sts", "sts"},
};

const char *ps_aws_service_variable(const enum ps_aws_service service)
{
    return services[service].variable;
}

const char *ps_aws_service_signing_name(const enum ps_aws_service service)
{
    return services[service].signing_name;
}

/* Lower case letters, digits, '-' and, in a bucket, '.': nothing that could change a URL's meaning.
 */
static bool is_name(const char *const text, const bool may_have_points)
{
    for (const char *byte = text; *byte != '\0'; byte++) {
        const bool is_plain =
            (*byte >= 'a' && *byte <= 'z') || (*byte >= '0' && *byte <= '9') || *byte == '-';
        if (!is_plain && !(may_have_points && *byte == '.')) {
            return false;
        }
    }
    return text[0] != '\0' && strlen(text) <= 63;
}

static char *join(const char *const first, const char *const second)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&buf, first);
    ps_buf_add_text(&buf, second);
    return ps_str_dup(ps_buf_str(&buf));
}

static bool has_stray_byte(const struct ps_str url)
{
    for (size_t index = 0; index < url.size; index++) {
        const char byte = url.data[index];
        if (byte <= ' ' || byte > '~' || byte == '?' || byte == '#' || byte == '@' ||
            byte == '\\') {
            return true;
        }
    }
    return url.size > 2000;
}

static enum ps_status use_url(struct ps_aws_endpoint *const endpoint, const char *const text,
                              const char *const bucket, struct ps_error *const err)
{
    const struct ps_str url = ps_str_of(text);
    const bool is_http = ps_str_starts_with(url, PS_STR("http://"));
    const bool is_https = ps_str_starts_with(url, PS_STR("https://"));
    const size_t host_at = is_http ? 7 : 8;
    struct ps_str rest = ps_str_part(url, host_at, url.size);
    const size_t path_at = ps_str_find(rest, '/');
    struct ps_str host = ps_str_part(rest, 0, path_at);
    if ((!is_http && !is_https) || host.size == 0 || has_stray_byte(url)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the endpoint '%s'", text);
        return ps_error_hint(err, "It looks like https://HOST or http://127.0.0.1:PORT.");
    }
    if (is_http && !ps_http_is_loopback(url)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the endpoint '%s'", text);
        return ps_error_hint(err, "Plain http is for loopback addresses only; use https.");
    }
    struct ps_str path = ps_str_part(rest, path_at, rest.size);
    while (path.size > 0 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    endpoint->origin = ps_str_dup(ps_str_part(url, 0, host_at + host.size));
    const struct ps_str own_port = is_http ? PS_STR(":80") : PS_STR(":443");
    if (ps_str_ends_with(host, own_port)) {
        host.size -= own_port.size;
    }
    endpoint->host = ps_str_dup(host);
    char *const base_path = ps_str_dup(path);
    endpoint->base_path = bucket == NULL ? join(base_path, "") : join(base_path, "/");
    free(base_path);
    endpoint->is_custom = true;
    endpoint->is_plain = is_http;
    return PS_OK;
}

static void use_public_name(struct ps_aws_endpoint *const endpoint, const char *const region,
                            const char *const bucket)
{
    const bool is_china = ps_str_starts_with(ps_str_of(region), PS_STR("cn-"));
    const bool is_in_host = bucket != NULL && strchr(bucket, '.') == NULL;
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    ps_buf_init(&host, PS_TEXT_BYTES_MAX);
    if (is_in_host) {
        ps_buf_add_format(&host, "%s.", bucket);
    }
    ps_buf_add_format(&host, "%s.%s.amazonaws.com%s", services[endpoint->service].host_name, region,
                      is_china ? ".cn" : "");
    endpoint->host = ps_str_dup(ps_buf_str(&host));
    endpoint->origin = join("https://", endpoint->host);
    endpoint->base_path = join(bucket != NULL && !is_in_host ? "/" : "", "");
}

enum ps_status ps_aws_endpoint_init(struct ps_aws_endpoint *const endpoint,
                                    const enum ps_aws_service service, const char *const region,
                                    const char *const url, const char *const bucket,
                                    struct ps_error *const err)
{
    PS_ASSERT((service == PS_AWS_S3) == (bucket != NULL));
    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->service = service;
    if (!is_name(region, false)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the Region '%s'", region);
        return ps_error_hint(err, "A Region looks like us-east-1.");
    }
    if (bucket != NULL && !is_name(bucket, true)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the bucket '%s'", bucket);
        return ps_error_hint(err,
                             "A bucket's name has 3 to 63 lower case letters, digits, points and "
                             "hyphens.");
    }
    if (url != NULL) {
        const enum ps_status status = use_url(endpoint, url, bucket, err);
        if (status != PS_OK) {
            return status;
        }
    } else {
        use_public_name(endpoint, region, bucket);
    }
    if (endpoint->base_path[0] != '\0' && bucket != NULL) {
        char *const folder = PS_TAKE(&endpoint->base_path);
        endpoint->base_path = join(folder, bucket);
        free(folder);
    }
    return PS_OK;
}

void ps_aws_endpoint_release(struct ps_aws_endpoint *const endpoint)
{
    free(endpoint->origin);
    free(endpoint->host);
    free(endpoint->base_path);
    memset(endpoint, 0, sizeof(*endpoint));
}
