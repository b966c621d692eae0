#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# WANT_JSON
use strict;
use warnings;
use JSON::PP;
open(my $file, '<', $ARGV[0]) or die;
my $given = decode_json(do { local $/; <$file> });
print encode_json({ ansible_facts => { told_by_perl => $given->{words} }, changed => JSON::PP::false });
