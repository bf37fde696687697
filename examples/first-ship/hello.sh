#!/bin/sh
echo "shipped by oakum, as $(id -un)"
