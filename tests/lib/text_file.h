/* text_file.h - a script or transcript as text, for the programs that run them. */
#ifndef TESTS_LIB_TEXT_FILE_H
#define TESTS_LIB_TEXT_FILE_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends all of the file, or of what a pipe gives, and a NUL. False when it cannot be read; what was read stands there. */
bool text_file_read(const char *path, struct buf *text);

#endif
