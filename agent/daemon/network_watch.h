/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when links, addresses or routes of this machine change (rtnetlink(7)): the moment to try again what could not be reached. And when
 * the rules of nftables do.
 */
#pragma once

int network_watch_open(void);       /* a descriptor to poll; -1: the kernel gives none */
int network_watch_rules_open(void); /* as above */
void network_watch_drain(int fd);
