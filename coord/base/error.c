/* error.c - names and texts of the error codes. Pure. */
#include "base/error.h"

#define ERROR_NAME(name, code, text)                                                                                           \
    case -(code):                                                                                                              \
        return #name;
#define ERROR_TEXT(name, code, text)                                                                                           \
    case -(code):                                                                                                              \
        return text;

const char *coord_error_text(int code)
{
    switch (code > -100000 && code < 0 ? -code : code) {
    case COORD_OK:
        return "ok";
        COORD_ZK_ERRORS(ERROR_TEXT)
        COORD_OWN_ERRORS(ERROR_TEXT)
    default:
        return "unknown error";
    }
}

const char *coord_error_name(int code)
{
    switch (code > -100000 && code < 0 ? -code : code) {
    case COORD_OK:
        return "OK";
        COORD_ZK_ERRORS(ERROR_NAME)
        COORD_OWN_ERRORS(ERROR_NAME)
    default:
        return "UNKNOWN";
    }
}
