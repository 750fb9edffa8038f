/* SPDX-License-Identifier: ISC */
/* The passwords that routes name.  They lie in files that only root and we may
 * read: those that only root may are read before root is given up. */
#ifndef DELIVER_REMOTE_CREDENTIALS_H
#define DELIVER_REMOTE_CREDENTIALS_H

#define CREDENTIALS_FILES 32
#define CREDENTIALS_SIZE 256

struct credentials {
	char user[CREDENTIALS_SIZE];
	char password[CREDENTIALS_SIZE];
};

/* Read all that the file routes below root names, at most CREDENTIALS_FILES.
 * What cannot be read is missed when it is needed. */
void credentials_keep(const char *root);

/* Where the file of that name is.  0, or -1 when the path is too long. */
#define CREDENTIALS_PATH 4096
int credentials_path(
    char path[CREDENTIALS_PATH], const char *root, const char *file);

/* What file (below root unless it starts with "/") says: as it is now if we
 * may read it, else as it was when it was kept.  Returns 0, or -1 with
 * fail_last(): no such file, others may read it, or not "user password". */
int credentials_get(const char *root, const char *file, struct credentials *to);

#endif
