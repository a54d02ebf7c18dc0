/* main.c - coordd: command line, configuration, then the host until it ends. */
#include "base/log.h"
#include "host/bootstrap.h"
#include "host/host.h"
#include "host/options.h"
#include "host/secret.h"

#include <stdio.h>
#include <string.h>

static void set_log_level(const char *name)
{
    static const char names[][8] = {
        [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARN] = "warn", [LOG_LEVEL_ERROR] = "error"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            log_set_level((enum log_level)i);
}

/* Lines collected while the configuration was read, each as a line of the log. */
static void log_lines(struct buf *lines, enum log_level level, const char *event)
{
    char *save = NULL;

    buf_append(lines, "", 1);
    for (char *line = strtok_r((char *)buf_bytes(lines), "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        log_line(level, "config", event, "text=%s", log_quoted(line));
}

static enum exit_code run(enum options_action action, struct config *c)
{
    struct buf secret = {0};
    enum exit_code code;

    switch (action) {
    case OPTIONS_EXIT:
        return EXIT_CODE_OK;
    case OPTIONS_USAGE:
        fprintf(stderr, "Try 'coordd --help'.\n");
        return EXIT_CODE_USAGE;
    case OPTIONS_CONFIG:
        log_lines(&c->notices, LOG_LEVEL_WARN, "notice");
        log_lines(&c->problems, LOG_LEVEL_ERROR, "wrong");
        return EXIT_CODE_CONFIG;
    case OPTIONS_CHECK:
        log_lines(&c->notices, LOG_LEVEL_WARN, "notice");
        code = secret_read(c, &secret);
        buf_deinit(&secret);
        if (code != EXIT_CODE_OK)
            return code;
        printf("The configuration is valid: server %u, %u %s, clients on port %llu.\n", c->id,
               config_lone(c) ? 1 : c->server_count, config_lone(c) ? "voter" : "voters", (unsigned long long)c->client_port);
        return EXIT_CODE_OK;
    case OPTIONS_BOOTSTRAP:
        return bootstrap_run(c);
    case OPTIONS_SERVE:
        set_log_level(c->log_level);
        log_lines(&c->notices, LOG_LEVEL_WARN, "notice");
        return host_run(c);
    }
    return EXIT_CODE_USAGE;
}

int main(int argc, char **argv)
{
    struct config config;
    enum exit_code code = run(options_read(&config, argc, argv), &config);

    config_deinit(&config);
    return (int)code;
}
