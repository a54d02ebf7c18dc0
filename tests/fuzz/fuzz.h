/* fuzz.h - what the fuzz targets of this folder share.
 *
 * A target is a file fuzz_NAME.c with one function, LLVMFuzzerTestOneInput(), and a program of the same name. Built with
 * --enable-fuzzing (clang) the program is libFuzzer's; else driver.c is its main, which replays inputs and makes mutations of
 * them. An input is wrong for the product when it is malformed, and must then be refused; a target ends by an abort when it is
 * not refused and something that must hold does not (COORD_ASSERT). What a target makes it frees: leaks are findings.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/fs.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that is read as a list of commands: what is behind its end reads as zero and as empty. */
struct fuzz_in {
    const uint8_t *at;
    size_t left;
};

static inline struct slice fuzz_take(struct fuzz_in *in, size_t size)
{
    struct slice s = slice_make(in->at, size < in->left ? size : in->left);
    in->at += s.size;
    in->left -= s.size;
    return s;
}

static inline uint32_t fuzz_u8(struct fuzz_in *in)
{
    struct slice s = fuzz_take(in, 1);
    return s.size == 0 ? 0 : s.data[0];
}

static inline uint32_t fuzz_u16(struct fuzz_in *in)
{
    uint32_t low = fuzz_u8(in);
    return low | fuzz_u8(in) << 8;
}

/* All of `size` bytes into *to, zeros where the input has ended: a struct of plain numbers. */
void fuzz_fill(struct fuzz_in *in, void *to, size_t size);

/* lay.c: files of the input on a disk in memory, in directory "d". */
#define FUZZ_DIR "d"
void fuzz_lay(struct fs *fs, const char *name, struct slice content, size_t padded_size);

/* A segment as the input has it, `seal`: with checksums that hold, of the header and of the records as they follow each other
 * by their lengths. Zeros up to FUZZ_SEGMENT_BYTES. */
#define FUZZ_SEGMENT_BYTES 4096u
void fuzz_lay_segment(struct fs *fs, uint32_t sequence, struct slice content, bool seal);

#endif
