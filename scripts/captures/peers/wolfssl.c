/* A TLS client and server on wolfSSL, for captures of failures that other stacks make differently.
 *
 *   wolfssl client|server KEY=VALUE...   address port name ca chain key alpn suites version (2 or 3) insecure=1 need=1 want=1 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int words;
static char **word;
static char *get(const char *key) {
    size_t length = strlen(key);
    for (int i = 2; i < words; i++)
        if (!strncmp(word[i], key, length) && word[i][length] == '=') return word[i] + length + 1;
    return NULL;
}
static void must(int good, const char *what) {
    if (!good) { fprintf(stderr, "%s failed\n", what); exit(1); }
}

static void talk(WOLFSSL_CTX *context, int socket, int server) {
    char buffer[2048];
    WOLFSSL *ssl = wolfSSL_new(context);
    if (!server && get("name")) {
        wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, get("name"), strlen(get("name")));
        if (!get("insecure")) wolfSSL_check_domain_name(ssl, get("name"));
    }
#ifdef HAVE_ALPN
    if (get("alpn")) wolfSSL_UseALPN(ssl, get("alpn"), strlen(get("alpn")), WOLFSSL_ALPN_FAILED_ON_MISMATCH);
#endif
    wolfSSL_set_fd(ssl, socket);
    int code = server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (code != WOLFSSL_SUCCESS) {
        fprintf(stderr, "%s: %s\n", word[1], wolfSSL_ERR_reason_error_string(wolfSSL_get_error(ssl, code)));
    } else if (server) {
        if (wolfSSL_read(ssl, buffer, sizeof buffer) > 0) wolfSSL_write(ssl, "HTTP/1.0 200 OK\r\n\r\nhello\n", 25);
        wolfSSL_shutdown(ssl);
    } else {
        if (!get("quiet")) {
            wolfSSL_write(ssl, "GET / HTTP/1.0\r\n\r\n", 18);
            while (wolfSSL_read(ssl, buffer, sizeof buffer) > 0) {}
        }
        wolfSSL_shutdown(ssl);
    }
    wolfSSL_free(ssl);
    close(socket);
}

int main(int count, char **list) {
    words = count; word = list;
    int server = !strcmp(word[1], "server");
    const char *version = get("version");
    WOLFSSL_METHOD *method = server ? wolfSSLv23_server_method() : wolfSSLv23_client_method();
    if (version && *version == '3') method = server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
    if (version && *version == '2') method = server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
    wolfSSL_Init();
    WOLFSSL_CTX *context = wolfSSL_CTX_new(method);
    if (get("ca")) must(wolfSSL_CTX_load_verify_locations(context, get("ca"), NULL) == WOLFSSL_SUCCESS, "ca");
    if (get("chain")) {
        must(wolfSSL_CTX_use_certificate_chain_file(context, get("chain")) == WOLFSSL_SUCCESS, "chain");
        must(wolfSSL_CTX_use_PrivateKey_file(context, get("key"), WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS, "key");
    }
    if (get("suites")) must(wolfSSL_CTX_set_cipher_list(context, get("suites")) == WOLFSSL_SUCCESS, "suites");
    /* as Debian builds it, a client checks nothing by default */
    if (!server) wolfSSL_CTX_set_verify(context, get("insecure") ? WOLFSSL_VERIFY_NONE : WOLFSSL_VERIFY_PEER, NULL);
    if (server) wolfSSL_CTX_set_verify(context, get("need") ? WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                                : get("want") ? WOLFSSL_VERIFY_PEER : WOLFSSL_VERIFY_NONE, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(get("port")))};
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (!server) {
        inet_pton(AF_INET, get("address"), &address.sin_addr);
        must(!connect(listener, (struct sockaddr *)&address, sizeof address), "connect");
        talk(context, listener, 0);
        return 0;
    }
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(!bind(listener, (struct sockaddr *)&address, sizeof address) && !listen(listener, 8), "listen");
    for (;;) talk(context, accept(listener, NULL, NULL), 1);
}
