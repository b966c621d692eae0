/* SPDX-License-Identifier: Apache-2.0 */
/* Tells when links, addresses or routes of this machine change (rtnetlink(7)): the moment to try again what could not be reached. */
#pragma once

int network_watch_open(void); /* a descriptor to poll; -1: the kernel gives none */
void network_watch_drain(int fd);
