/* A TLS 1.2 client and server on BearSSL, for captures of failures that other stacks make differently.
 *
 *   bearssl client|server KEY=VALUE...   address port name ca chain key (EC) */
#include <arpa/inet.h>
#include <bearssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int words;
static char **word;
static const char *get(const char *key) {
    size_t length = strlen(key);
    for (int i = 2; i < words; i++)
        if (!strncmp(word[i], key, length) && word[i][length] == '=') return word[i] + length + 1;
    return NULL;
}
static void must(int good, const char *what) {
    if (!good) { fprintf(stderr, "%s failed\n", what); exit(1); }
}

struct blob { unsigned char data[16384]; size_t length; };
static void append(void *to, const void *data, size_t length) {
    struct blob *blob = to;
    must(blob->length + length <= sizeof blob->data, "size");
    memcpy(blob->data + blob->length, data, length);
    blob->length += length;
}
/* The objects of a PEM file. */
static int pem(const char *path, struct blob *found, int most) {
    static unsigned char text[65536];
    FILE *file = fopen(path, "r");
    must(file != NULL, path);
    size_t length = fread(text, 1, sizeof text, file), at = 0;
    int count = 0;
    br_pem_decoder_context decoder;
    br_pem_decoder_init(&decoder);
    while (at < length) {
        at += br_pem_decoder_push(&decoder, text + at, length - at);
        int event = br_pem_decoder_event(&decoder);
        if (event == BR_PEM_BEGIN_OBJ && count < most) {
            found[count].length = 0;
            br_pem_decoder_setdest(&decoder, append, &found[count]);
        }
        if (event == BR_PEM_END_OBJ) count++;
    }
    fclose(file);
    return count;
}

static int receive(void *fd, unsigned char *data, size_t length) { ssize_t n = read(*(int *)fd, data, length); return n <= 0 ? -1 : (int)n; }
static int transmit(void *fd, const unsigned char *data, size_t length) { ssize_t n = write(*(int *)fd, data, length); return n <= 0 ? -1 : (int)n; }

static void talk(br_ssl_engine_context *engine, int fd, int server) {
    br_sslio_context io;
    unsigned char buffer[2048];
    br_sslio_init(&io, engine, receive, &fd, transmit, &fd);
    if (server) {
        if (br_sslio_read(&io, buffer, sizeof buffer) > 0) {
            br_sslio_write_all(&io, "HTTP/1.0 200 OK\r\n\r\nhello\n", 25);
            br_sslio_close(&io);
        }
    } else {
        br_sslio_write_all(&io, "GET / HTTP/1.0\r\n\r\n", 18);
        br_sslio_flush(&io);
        while (br_sslio_read(&io, buffer, sizeof buffer) > 0) {}
    }
    fprintf(stderr, "%s: error %d\n", word[1], br_ssl_engine_last_error(engine));
    close(fd);
}

int main(int count, char **list) {
    words = count; word = list;
    static unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
    static struct blob blobs[8], chain[8], name;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(get("port")))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (!strcmp(word[1], "client")) {
        static br_ssl_client_context client;
        static br_x509_minimal_context x509;
        static br_x509_trust_anchor anchor;
        br_x509_decoder_context decoder;
        must(pem(get("ca"), blobs, 8) > 0, "ca");
        br_x509_decoder_init(&decoder, append, &name);
        br_x509_decoder_push(&decoder, blobs[0].data, blobs[0].length);
        anchor.dn.data = name.data;
        anchor.dn.len = name.length;
        anchor.flags = BR_X509_TA_CA;
        anchor.pkey = *br_x509_decoder_get_pkey(&decoder);
        br_ssl_client_init_full(&client, &x509, &anchor, 1);
        br_ssl_engine_set_versions(&client.eng, BR_TLS12, BR_TLS12);
        br_ssl_engine_set_buffer(&client.eng, buffer, sizeof buffer, 1);
        br_ssl_client_reset(&client, get("name"), 0);
        inet_pton(AF_INET, get("address"), &address.sin_addr);
        must(!connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
        talk(&client.eng, fd, 0);
        return 0;
    }
    static br_ssl_server_context server;
    static br_x509_certificate certificates[8];
    br_skey_decoder_context key;
    int length = pem(get("chain"), chain, 8);
    for (int i = 0; i < length; i++) { certificates[i].data = chain[i].data; certificates[i].data_len = chain[i].length; }
    must(pem(get("key"), blobs, 8) > 0, "key");
    br_skey_decoder_init(&key);
    br_skey_decoder_push(&key, blobs[0].data, blobs[0].length);
    must(br_skey_decoder_key_type(&key) == BR_KEYTYPE_EC, "an EC key");
    br_ssl_server_init_full_ec(&server, certificates, length, BR_KEYTYPE_EC, br_skey_decoder_get_ec(&key));
    br_ssl_engine_set_versions(&server.eng, BR_TLS12, BR_TLS12);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(!bind(fd, (struct sockaddr *)&address, sizeof address) && !listen(fd, 8), "listen");
    for (;;) {
        int accepted = accept(fd, NULL, NULL);
        br_ssl_engine_set_buffer(&server.eng, buffer, sizeof buffer, 1);
        br_ssl_server_reset(&server);
        talk(&server.eng, accepted, 1);
    }
}
