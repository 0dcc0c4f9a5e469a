/*
 * fake_tls - an HTTPS server on loopback whose certificate is its own work; answers every request
 * with 200.
 */
#ifndef PS_TESTS_AWS_FAKE_TLS_H
#define PS_TESTS_AWS_FAKE_TLS_H

struct fake_tls;
struct fake_tls *fake_tls_start(void);
struct fake_tls *fake_tls_stop(struct fake_tls *tls);

int fake_tls_port(const struct fake_tls *tls);

/* The path of its certificate, in PEM; removed by stop. */
const char *fake_tls_certificate(const struct fake_tls *tls);

/* How many requests got through to it. */
int fake_tls_request_count(struct fake_tls *tls);

#endif
