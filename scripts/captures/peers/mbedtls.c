/* A TLS client and server on Mbed TLS, for captures of failures that other stacks make differently.
 *
 *   mbedtls client|server KEY=VALUE...   address port name ca crl chain key alpn suite (IANA's number) group (Mbed TLS's number)
 *                                        insecure=1 need=1 want=1 min max (1..3 for TLS 1.0 to 1.2) quiet=1 */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int words;
static char **word;
static const char *get(const char *key) {
    size_t length = strlen(key);
    for (int i = 2; i < words; i++)
        if (!strncmp(word[i], key, length) && word[i][length] == '=') return word[i] + length + 1;
    return NULL;
}
static void must(int code, const char *what) {
    if (code) { fprintf(stderr, "%s: -0x%x\n", what, -code); exit(1); }
}

static void talk(mbedtls_ssl_context *ssl, int server) {
    unsigned char buffer[2048];
    int code = mbedtls_ssl_handshake(ssl);
    if (code) {
        fprintf(stderr, "%s: handshake: -0x%x flags 0x%x\n", word[1], -code, mbedtls_ssl_get_verify_result(ssl));
        return;
    }
    if (get("quiet")) { mbedtls_ssl_close_notify(ssl); return; }
    if (server) {
        if (mbedtls_ssl_read(ssl, buffer, sizeof buffer) > 0)
            mbedtls_ssl_write(ssl, (const unsigned char *)"HTTP/1.0 200 OK\r\n\r\nhello\n", 25);
    } else {
        mbedtls_ssl_write(ssl, (const unsigned char *)"GET / HTTP/1.0\r\n\r\n", 18);
        while (mbedtls_ssl_read(ssl, buffer, sizeof buffer) > 0) {}
    }
    mbedtls_ssl_close_notify(ssl);
}

int main(int count, char **list) {
    words = count; word = list;
    int server = !strcmp(word[1], "server");
    mbedtls_net_context socket, listener;
    mbedtls_entropy_context entropy; mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config; mbedtls_ssl_context ssl;
    mbedtls_x509_crt ca, own; mbedtls_x509_crl crl; mbedtls_pk_context key;
    static const char *protocols[2]; static int suites[2]; static mbedtls_ecp_group_id groups[2];
    mbedtls_net_init(&socket); mbedtls_net_init(&listener); mbedtls_entropy_init(&entropy); mbedtls_ctr_drbg_init(&random);
    mbedtls_ssl_config_init(&config); mbedtls_ssl_init(&ssl);
    mbedtls_x509_crt_init(&ca); mbedtls_x509_crt_init(&own); mbedtls_x509_crl_init(&crl); mbedtls_pk_init(&key);
    must(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), "seed");
    must(mbedtls_ssl_config_defaults(&config, server, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    if (get("ca")) {
        must(mbedtls_x509_crt_parse_file(&ca, get("ca")), "ca");
        if (get("crl")) must(mbedtls_x509_crl_parse_file(&crl, get("crl")), "crl");
        mbedtls_ssl_conf_ca_chain(&config, &ca, get("crl") ? &crl : NULL);
    }
    if (get("chain")) {
        must(mbedtls_x509_crt_parse_file(&own, get("chain")), "chain");
        must(mbedtls_pk_parse_keyfile(&key, get("key"), NULL), "key");
        must(mbedtls_ssl_conf_own_cert(&config, &own, &key), "own");
    }
    int mode = server ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED;
    if (get("insecure")) mode = MBEDTLS_SSL_VERIFY_NONE;
    if (get("want")) mode = MBEDTLS_SSL_VERIFY_OPTIONAL;
    if (get("need")) mode = MBEDTLS_SSL_VERIFY_REQUIRED;
    mbedtls_ssl_conf_authmode(&config, mode);
    if (get("min")) mbedtls_ssl_conf_min_version(&config, 3, atoi(get("min")));
    if (get("max")) mbedtls_ssl_conf_max_version(&config, 3, atoi(get("max")));
    if (get("alpn")) { protocols[0] = get("alpn"); must(mbedtls_ssl_conf_alpn_protocols(&config, protocols), "alpn"); }
    if (get("suite")) { suites[0] = strtol(get("suite"), NULL, 0); mbedtls_ssl_conf_ciphersuites(&config, suites); }
    if (get("group")) { groups[0] = atoi(get("group")); mbedtls_ssl_conf_curves(&config, groups); }
    must(mbedtls_ssl_setup(&ssl, &config), "setup");
    if (!server) {
        if (get("name")) mbedtls_ssl_set_hostname(&ssl, get("name"));
        must(mbedtls_net_connect(&socket, get("address"), get("port"), MBEDTLS_NET_PROTO_TCP), "connect");
        mbedtls_ssl_set_bio(&ssl, &socket, mbedtls_net_send, mbedtls_net_recv, NULL);
        talk(&ssl, 0);
        mbedtls_net_free(&socket);
        return 0;
    }
    must(mbedtls_net_bind(&listener, "0.0.0.0", get("port"), MBEDTLS_NET_PROTO_TCP), "bind");
    for (;;) {
        must(mbedtls_net_accept(&listener, &socket, NULL, 0, NULL), "accept");
        mbedtls_ssl_session_reset(&ssl);
        mbedtls_ssl_set_bio(&ssl, &socket, mbedtls_net_send, mbedtls_net_recv, NULL);
        talk(&ssl, 1);
        mbedtls_net_free(&socket);
    }
}
