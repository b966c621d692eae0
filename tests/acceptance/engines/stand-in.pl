#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Stands in for an engine in tests: the command line, the port and the answers its documentation promises, no inference.
# Needs perl-base alone, which every Debian has. The name it is called by says which engine it is; VERSION is put in by the test.
use strict;
use warnings;
use IO::Socket::INET;

my $version = 'VERSION';
my ($name) = $0 =~ m{([^/]+)$};
my %options;
my ($address, $port) = (q(127.0.0.1), 0);

if (grep { $_ eq '--version' } @ARGV) {
    print $name eq 'ollama' ? "Warning: could not connect to a running Ollama instance\nWarning: client version is $version\n"
        : "$name version $version\n";
    exit 0;
}
die "$name: the system is not to be writable\n" if open(my $file, q(>), q(/etc/stand-in));
if ($name eq 'ollama') {
    die "usage: ollama serve\n" unless "@ARGV" eq 'serve';
    ($address, $port) = split /:/, $ENV{OLLAMA_HOST};
    mkdir $ENV{OLLAMA_MODELS};
} elsif ($name eq 'lemond') {
    open(my $config, '<', '/var/lib/lemonade/config.json') or die "config.json: $!\n";
    my $text = join '', <$config>;
    ($port) = $text =~ /"port": *(\d+)/ or die "no port in config.json\n";
} else { # dllama worker, dllama-api
    my @words = @ARGV;
    my $verb = $name eq 'dllama' ? shift @words : '';
    %options = map { $words[$_] =~ /^--/ ? ($words[$_] => $words[$_ + 1]) : () } 0 .. $#words;
    die "usage: dllama worker\n" if $name eq 'dllama' && $verb ne 'worker';
    $port = $options{'--port'} or die "no --port\n";
    $address = $options{'--host'} // '0.0.0.0';
}

my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 5, ReuseAddr => 1)
    or die "$name: listen on $address:$port: $!\n";
print "$name $version listens on $address:$port\n";

sub reply {
    my ($method, $path, $body) = @_;
    if ($name eq 'ollama') {
        return "{\"version\":\"$version\"}" if $path eq '/api/version';
        return '{"models":[' . join(',', map { "{\"name\":\"$_\"}" } models()) . ']}' if $path eq '/api/tags';
        if ($path eq '/api/pull' && $method eq 'POST' && $body =~ /"model": *"([^"]+)"/) {
            return '{"error":"pull model manifest: file does not exist"}' if $1 eq 'nothing:latest';
            open(my $file, '>', "$ENV{OLLAMA_MODELS}/$1") or die "model: $!\n";
            return '{"status":"success"}';
        }
        return chat($body) if $path eq '/v1/chat/completions';
    } elsif ($name eq 'lemond') {
        return '{"status":"ok"}' if $path eq '/live';
        return "{\"status\":\"ok\",\"version\":\"$version\",\"all_models_loaded\":[]}" if $path eq '/v1/health';
    } elsif ($name eq 'dllama-api') {
        return '{"object":"list","data":[{"id":"dl","object":"model"}]}' if $path eq '/v1/models';
    }
    return;
}

sub chat { # says what it is, for a model that is there
    my ($body) = @_;
    my ($model) = $body =~ /"model": *"([^"]+)"/;
    return "{\"error\":{\"message\":\"model '$model' not found\"}}" unless grep { $_ eq $model } models();
    return '{"choices":[{"message":{"role":"assistant","content":"I stand in"},"finish_reason":"stop"}],"usage":{"completion_tokens":3}}';
}

sub models {
    opendir(my $folder, $ENV{OLLAMA_MODELS}) or die "models: $!\n";
    return grep { !/^\./ } readdir $folder;
}

$| = 1;
while (my $client = $server->accept) {
    my $first = <$client> // next;
    my $length = 0;
    while (my $line = <$client>) {
        $length = $1 if $line =~ /^content-length: *(\d+)/i;
        last if $line =~ /^\r?\n$/;
    }
    my $body = '';
    read($client, $body, $length) if $length;
    my ($method, $path) = split / /, $first;
    my $text = reply($method, $path, $body);
    my $status = defined $text ? $text =~ /^\{"error"/ ? '500 Internal Server Error' : '200 OK' : '404 Not Found';
    $text //= '{}';
    print $client "HTTP/1.1 $status\r\nContent-Type: application/json\r\nContent-Length: " . length($text)
        . "\r\nConnection: close\r\n\r\n$text";
    close $client;
}
