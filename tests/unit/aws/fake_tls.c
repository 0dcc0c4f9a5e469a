#include "fake_tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_tls {
    SSL_CTX *context;
    int listener;
    int port;
    char path[64];
    pthread_t thread;
    atomic_int request_count;
};

static void check(const int holds)
{
    if (!holds) {
        abort();
    }
}

static X509 *make_certificate(EVP_PKEY *const key)
{
    X509 *const certificate = X509_new();
    check(certificate != NULL && X509_set_version(certificate, 2) == 1);
    check(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
    check(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL);
    check(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL);
    check(X509_set_pubkey(certificate, key) == 1);
    X509_NAME *const name = X509_get_subject_name(certificate);
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fake", -1,
                                     -1, 0) == 1);
    check(X509_set_issuer_name(certificate, name) == 1);
    X509_EXTENSION *const address =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    check(address != NULL && X509_add_ext(certificate, address, -1) == 1);
    X509_EXTENSION_free(address);
    check(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void serve(struct fake_tls *const tls, SSL *const ssl)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    char room[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, room, sizeof(room)) > 0) {
        atomic_fetch_add(&tls->request_count, 1);
        (void)SSL_write(ssl, answer, sizeof(answer) - 1);
        (void)SSL_shutdown(ssl);
    }
}

static void *work(void *const argument)
{
    struct fake_tls *const tls = argument;
    for (;;) {
        const int socket = accept(tls->listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        SSL *const ssl = SSL_new(tls->context);
        check(ssl != NULL && SSL_set_fd(ssl, socket) == 1);
        serve(tls, ssl);
        SSL_free(ssl);
        (void)close(socket);
    }
}

struct fake_tls *fake_tls_start(void)
{
    struct fake_tls *const tls = calloc(1, sizeof(*tls));
    check(tls != NULL);
    EVP_PKEY *const key = EVP_EC_gen("P-256");
    check(key != NULL);
    X509 *const certificate = make_certificate(key);
    tls->context = SSL_CTX_new(TLS_server_method());
    check(tls->context != NULL && SSL_CTX_use_certificate(tls->context, certificate) == 1);
    check(SSL_CTX_use_PrivateKey(tls->context, key) == 1);

    (void)snprintf(tls->path, sizeof(tls->path), "%s", "/tmp/penstock-test-XXXXXX");
    const int descriptor = mkstemp(tls->path);
    FILE *const file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    check(file != NULL && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);

    tls->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    check(bind(tls->listener, (const struct sockaddr *)&address, size) == 0);
    check(listen(tls->listener, 8) == 0);
    check(getsockname(tls->listener, (struct sockaddr *)&address, &size) == 0);
    tls->port = (int)ntohs(address.sin_port);
    check(pthread_create(&tls->thread, NULL, work, tls) == 0);
    return tls;
}

struct fake_tls *fake_tls_stop(struct fake_tls *const tls)
{
    (void)shutdown(tls->listener, SHUT_RDWR);
    (void)pthread_join(tls->thread, NULL);
    (void)close(tls->listener);
    (void)unlink(tls->path);
    SSL_CTX_free(tls->context);
    free(tls);
    return NULL;
}

int fake_tls_port(const struct fake_tls *const tls)
{
    return tls->port;
}

const char *fake_tls_certificate(const struct fake_tls *const tls)
{
    return tls->path;
}

int fake_tls_request_count(struct fake_tls *const tls)
{
    return atomic_load(&tls->request_count);
}
