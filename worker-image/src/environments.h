/* What the two walks to environments share (environments.c, packages.c). */
#ifndef FOREACHFLEET_ENVIRONMENTS_H
#define FOREACHFLEET_ENVIRONMENTS_H
#include "fleet.h"

/* Whether R or a package owns it: its variables are not looked into */
int fleet_of_package(SEXP env);
#endif
