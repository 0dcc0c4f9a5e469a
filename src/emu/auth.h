/*
 * auth - who sent a request, and is its signature right? On the raw URI, with aws/sigv4.
 *
 * Threads: one connection's. Each returns false with request->refusal filled in the words of the
 * service.
 */
#ifndef PS_EMU_AUTH_H
#define PS_EMU_AUTH_H

#include "emu/request.h"

/* The service that the request says it was signed for, "" when it carries no signature; fills its
 * Region. */
struct ps_str ps_emu_auth_service(struct ps_emu_request *request, struct ps_sigv4_claim *claim);

/* Before the body: everything, with the payload's hash as the client gives it (S3). */
PS_MUST_CHECK bool ps_emu_auth_check_headers(struct ps_emu_request *request,
                                             const struct ps_sigv4_claim *claim, int64_t real_ms);

/* With the body in memory: everything, with the hash of what came (all other services). */
PS_MUST_CHECK bool ps_emu_auth_check_body(struct ps_emu_request *request, int64_t real_ms);

#endif
