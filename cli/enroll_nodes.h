/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's side of `roost enroll`: what it knows of each host of the inventory, a join string for each that needs
 * one, whether it has heard of them, and the strings that nobody used. Join strings are secrets: they live in the arena
 * given, which its owner ends by arena_free_secret.
 */
#pragma once

#include "cli/center_client.h"
#include "engine/inventory/inventory.h"

struct enroll_node {
    const char *host;   /* of the inventory */
    const char *name;   /* at the controller: the host's variable roost_node, or its name */
    int64_t generation; /* that may report; 0: none */
    const char *token;  /* id of the join string made for it; NULL: none */
    const char *join;   /* SECRET, or NULL */
    bool was_reached;   /* the run ended well there */
};

struct enroll_nodes {
    struct arena *arena;
    struct center_client *client;
    const struct value *extra_vars; /* of the command line: they win, as ever; or NULL */
    struct enroll_node *items;
    size_t count;
};

/* Names the hosts as the controller does (nodes->arena, ->client and ->extra_vars set), and looks them up there. */
bool enroll_nodes_find(struct enroll_nodes *nodes, struct inventory *inventory, const struct inventory_host_list *hosts,
                       struct error *err);
/* A string for every host that is no node yet; `again`: for all. */
bool enroll_nodes_invite(struct enroll_nodes *nodes, bool again, bool approval, struct error *err);
/* {host: {name, generation, join}}, for the play. */
const struct value *enroll_nodes_value(const struct enroll_nodes *nodes);
/* Waits until the controller has heard of each that was reached, and prints a line for each; false: not of all. */
bool enroll_nodes_heard(struct enroll_nodes *nodes, const volatile int *interrupted);
/* Takes back the strings that were not used; trouble is printed. */
void enroll_nodes_take_back(struct enroll_nodes *nodes);
