// fcntl(2) and ioctl(2), as far as sockets have them.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"
#include "stack/api/posix/transfer.h"

namespace anteroom::posix {
namespace {

void store(int value, void* argument) {
  std::copy_n(reinterpret_cast<const char*>(&value), sizeof value, static_cast<char*>(argument));
}

Answer set_non_blocking(File& file, const void* argument) {
  int value = 0;
  std::copy_n(static_cast<const char*>(argument), sizeof value, reinterpret_cast<char*>(&value));
  file.non_blocking = value != 0;
  return 0;
}

// The numbers of a connection; 0 where there is none.
Answer count(const ConnectionInfo& info, unsigned long request) {
  switch (request) {
    case FIONREAD: return info.receive_queued_bytes;  // SIOCINQ is the same number
    case SIOCOUTQ: return info.send_queued_bytes;
    default: return info.send_queued_bytes - info.unacknowledged_bytes;
  }
}

}  // namespace

Answer control_descriptor(Layer& layer, int fd, int command, int argument) {
  const FileRef file = layer.descriptors().find(fd);
  if (!file) return -EBADF;
  switch (command) {
    case F_GETFL: return O_RDWR | (file->non_blocking ? O_NONBLOCK : 0);
    case F_SETFL:
      // The access mode and what does not concern sockets are passed over, as Linux does.
      file->non_blocking = (argument & O_NONBLOCK) != 0;
      return 0;
    case F_GETFD: return layer.descriptors().close_on_exec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD: layer.descriptors().set_close_on_exec(fd, (argument & FD_CLOEXEC) != 0); return 0;
    case F_DUPFD: return duplicate(layer, fd, argument, false);
    case F_DUPFD_CLOEXEC: return duplicate(layer, fd, argument, true);
    default: return -EINVAL;
  }
}

Answer control_device(Layer& layer, int fd, unsigned long request, void* argument) {
  const FileRef file = layer.descriptors().find(fd);
  if (!file) return -EBADF;
  if (request == FIONBIO) {
    return argument == nullptr ? -EFAULT : set_non_blocking(*file, argument);
  }
  if (!file->socket) return -ENOTTY;
  const Socket& socket = *file->socket;
  const bool counts = request == FIONREAD || request == SIOCOUTQ || request == SIOCOUTQNSD;
  if (!counts && request != SIOCATMARK) return -ENOTTY;
  if (counts && socket.phase == Phase::listening) return -EINVAL;
  if (argument == nullptr) return -EFAULT;
  layer.refresh();
  if (request == SIOCATMARK) {
    store(is_at_mark(layer, socket) ? 1 : 0, argument);
    return 0;
  }
  const auto info = layer.stack().connection_info(socket.connection);
  store(info ? static_cast<int>(count(*info, request)) : 0, argument);
  return 0;
}

Answer is_at_mark(Layer& layer, int fd) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  layer.refresh();
  return is_at_mark(layer, found.socket()) ? 1 : 0;
}

}  // namespace anteroom::posix
