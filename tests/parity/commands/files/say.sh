#!/bin/sh
echo script "$@" "$WORD"
