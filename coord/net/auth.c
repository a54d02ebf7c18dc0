/* auth.c - HMAC-SHA256 by libcrypto; not called, and libcrypto not initialised, without a secret. */
#include "net/auth.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void auth_prove(struct slice secret, bool dialled, struct slice sent, struct slice received, struct peer_hello_auth *proof)
{
    static const char label[] = "coord peer 1";
    unsigned char mac[32];
    unsigned size = sizeof(mac);
    struct buf text = {0};

    *proof = (struct peer_hello_auth){0};
    if (secret.size == 0)
        return;
    buf_append(&text, label, sizeof(label) - 1);
    buf_append(&text, dialled ? "D" : "A", 1);
    buf_append(&text, sent.data, sent.size);
    buf_append(&text, received.data, received.size);
    COORD_ASSERT(HMAC(EVP_sha256(), secret.data, (int)secret.size, buf_bytes(&text), buf_size(&text), mac, &size) != NULL);
    COORD_ASSERT(size == sizeof(mac));
    buf_deinit(&text);
    proof->mac0 = get_le64(mac);
    proof->mac1 = get_le64(mac + 8);
    proof->mac2 = get_le64(mac + 16);
    proof->mac3 = get_le64(mac + 24);
}

bool auth_equal(const struct peer_hello_auth *a, const struct peer_hello_auth *b)
{
    return ((a->mac0 ^ b->mac0) | (a->mac1 ^ b->mac1) | (a->mac2 ^ b->mac2) | (a->mac3 ^ b->mac3)) == 0;
}
