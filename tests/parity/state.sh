# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What a node says of itself beyond its files; run inside it. Lines that come and go by themselves are left out.
echo "hostname $(cat /proc/sys/kernel/hostname)"
echo "sysctl $(sysctl -n net.ipv4.ip_forward net.core.somaxconn net.ipv4.conf.all.rp_filter net.ipv4.tcp_syncookies 2>/dev/null | tr '\n' ' ')"
systemctl list-unit-files --plain --no-legend --no-pager | awk '$2 != "transient" { print "unit-file", $1, $2 }'
# A service that a timer starts runs or does not run just now, so it is left out.
systemctl list-units --all --plain --no-legend --no-pager --type=service,timer,socket,path,target | awk '
    $1 ~ /^(user|session|run-|systemd-(hostnamed|timedated|localed|tmpfiles-clean|fsckd)|apt-daily|dpkg-db-backup|e2scrub|modprobe@|polkit)/ { next }
    $2 == "not-found" && $3 == "inactive" { next }
    { state[$1] = $2 " " $3 }
    END { for (unit in state) { timer = unit; sub(/service$/, "timer", timer)
        if (timer == unit || !(timer in state)) print "unit", unit, state[unit] } }'
dpkg-query -W -f 'package ${Package} ${Version} ${db:Status-Abbrev}\n'
apt-mark showmanual | sed 's/^/manual /'
