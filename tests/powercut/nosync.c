/* SPDX-License-Identifier: ISC */
/* Syncs that do nothing, linked in by -Wl,--wrap when NOSYNC is set: with them
 * the power-cut rig has to find losses. */
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_syncfs(int fd);

int
__wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

int
__wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
__wrap_syncfs(int fd)
{
	(void)fd;
	return 0;
}
