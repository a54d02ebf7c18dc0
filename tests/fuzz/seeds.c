/* seeds.c - see seeds.h: main, and the seeds that are text. */
#include "fuzz/seeds.h"

#include "base/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *root;

void seed_save(const char *target, const char *name, struct buf *content)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", root, target);
    if (fs_make_dir(fs_posix(), path) < 0)
        exit(1);
    snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
    file = fopen(path, "w");
    if (buf_size(content) == 0 || file == NULL || fwrite(buf_bytes(content), buf_size(content), 1, file) != 1 ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    buf_clear(content);
}

static void save_text(const char *target, const char *name, const char *text)
{
    struct buf b = {0};

    buf_append(&b, text, strlen(text));
    seed_save(target, name, &b);
    buf_deinit(&b);
}

static void save_word(const char *word, unsigned how, const char *list)
{
    struct buf b = {0};
    uint8_t status[600];
    char name[32];

    for (size_t i = 0; i < sizeof(status); i++)
        status[i] = (uint8_t)(i % 8 == 0 ? i / 8 : 0);
    buf_append(&b, word, 4);
    seed_u8(&b, how);
    seed_u8(&b, (unsigned)strlen(list));
    buf_append(&b, list, strlen(list));
    buf_append(&b, status, sizeof(status));
    snprintf(name, sizeof(name), "%s_%02x", word, how);
    seed_save("words", name, &b);
    buf_deinit(&b);
}

void seeds_text(void)
{
    static const char *const words[] = {"ruok", "srvr", "stat", "mntr", "conf", "envi", "cons", "dump", "wchs",
                                        "wchc", "wchp", "crst", "srst", "isro", "dirs", "gtmk", "stmk", "xxxx"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        save_word(words[i], (unsigned)(i % 8) * 17 + 4, "*");
    save_word("mntr", 0x0b, "ruok, mntr");
    save_word("srvr", 0x04, "ruok,stat, nono");
    save_text("config", "lone", "# a lone server\ndataDir=/nowhere/data\nclientPort=2181\ntickTime=2000\n");
    save_text("config", "ensemble",
              "dataDir=/nowhere/data\ndataLogDir=/nowhere/log\nclientPort : 2181\ninitLimit=10\nsyncLimit 5\n"
              "server.1=one:2888:3888\nserver.2=[::1]:2888:3888:participant;2181\nserver.3=three:2888;[::]:2181\n"
              "4lw.commands.whitelist=ruok, srvr\n");
    save_text("config", "odd_syntax",
              "\xef\xbb\xbf! comment\r\ndata\\\nDir=/nowhere\\ \\=x\\\n  y\r\n\n\tclientPort=0\r\nssl.x=1\n");
    save_text("config", "refused", "peerType=observer\nreconfigEnabled=true\nfoo=1\nclientPort=99999999999999999999\nmyid\n");
    save_text("config", "limits",
              "tickTime=1\nminSessionTimeout=5\nmaxSessionTimeout=4\nmaxClientCnxns=0\nsnapCount=1\npreAllocSize=1\n"
              "jute.maxbuffer=4096\nautopurge.snapRetainCount=3\nclientPortAddress=127.0.0.1\nmaxCnxns=18446744073709551615\n");
    save_text("config", "empty_lines", "\n\n");
    save_text("config", "dynamic", "dataDir=/nowhere\ndynamicConfigFile=/nowhere/dynamic\nversion=100000000\n");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 1;
    }
    root = argv[1];
    seeds_text();
    seeds_records();
    seeds_talk();
    seeds_port();
    seeds_peers();
    seeds_disk();
    seeds_dirs();
    seeds_net();
    return 0;
}
