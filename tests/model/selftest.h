/* selftest.h - whether the invariants can fail: each is shown a state made by hand that breaks it, and one that does not. */
#ifndef TESTS_MODEL_SELFTEST_H
#define TESTS_MODEL_SELFTEST_H

int selftest_run(void); /* exit code; prints a line a case, and `passed N failed M` */

#endif
