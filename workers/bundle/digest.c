// SPDX-License-Identifier: MIT
#include "workers/bundle/digest.h"

#include "schemas/base/errors.h"

int digest_prepare(void)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, "SHA256", NULL);

    EVP_MD_free(digest);
    return digest ? 0 : -ERROR_MEMORY;
}

int digest_end(EVP_MD_CTX *context, char hexadecimal[DIGEST_BUFFER])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size_bytes = 0;

    if (EVP_DigestFinal_ex(context, bytes, &size_bytes) != 1 || size_bytes != 32)
        return -ERROR_MEMORY;
    for (size_t i = 0; i < size_bytes; i++) {
        hexadecimal[2 * i] = digits[bytes[i] >> 4];
        hexadecimal[2 * i + 1] = digits[bytes[i] & 15];
    }
    hexadecimal[DIGEST_BUFFER - 1] = '\0';
    return 0;
}
