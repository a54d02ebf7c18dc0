/* test_list.c - the intrusive list. */
#include "base/list.h"
#include "lib/runner.h"

struct item {
    struct list node;
    char name;
};

static struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};

/* The names in order, read forwards; also checks that the way back is the same. */
static const char *names_of(struct list *head)
{
    static char names[8];
    struct list *back = head->prev;
    size_t count = 0;

    LIST_EACH(node, head)
    names[count++] = LIST_ENTRY(node, struct item, node)->name;
    names[count] = '\0';
    for (; back != head; back = back->prev)
        CHECK(count > 0 && LIST_ENTRY(back, struct item, node)->name == names[--count]);
    CHECK_EQ_INT(count, 0);
    return names;
}

TEST(list, push_and_pop)
{
    struct list head;

    list_init(&head);
    CHECK(list_empty(&head));
    CHECK(list_pop_front(&head) == NULL);
    list_push_back(&head, &b.node);
    list_push_back(&head, &c.node);
    list_push_front(&head, &a.node);
    CHECK_EQ_STR(names_of(&head), "abc");
    CHECK(list_pop_front(&head) == &a.node);
    CHECK(list_empty(&a.node));
    CHECK_EQ_STR(names_of(&head), "bc");
}

TEST(list, remove_twice_is_harmless)
{
    struct list head;

    list_init(&head);
    list_push_back(&head, &a.node);
    list_push_back(&head, &b.node);
    list_remove(&a.node);
    list_remove(&a.node);
    CHECK_EQ_STR(names_of(&head), "b");
    list_remove(&b.node);
    CHECK(list_empty(&head));
}

TEST(list, append_moves_all_in_order)
{
    struct list head, more;

    list_init(&head);
    list_init(&more);
    list_append(&head, &more);
    CHECK(list_empty(&head));
    list_push_back(&more, &a.node);
    list_push_back(&more, &b.node);
    list_append(&head, &more);
    CHECK_EQ_STR(names_of(&head), "ab");
    CHECK(list_empty(&more));
    list_push_back(&more, &c.node);
    list_push_back(&more, &d.node);
    list_append(&head, &more);
    CHECK_EQ_STR(names_of(&head), "abcd");
    list_append(&head, &more);
    CHECK_EQ_STR(names_of(&head), "abcd");
}
