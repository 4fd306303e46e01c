// The pieces of memory of one call, read or written as if they were one. POSIX readv(3p).
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <anteroom/bytes.h>

#include "stack/api/posix/errors.h"

namespace anteroom::posix {

class Parts {
 public:
  // `count_error` is the errno for more parts than IOV_MAX: readv and recvmsg differ in it.
  Parts(const iovec* parts, std::size_t count, int count_error) : parts_(parts), count_(count) {
    if (count > IOV_MAX) {
      error_ = -count_error;
    } else if (parts == nullptr && count != 0) {
      error_ = -EFAULT;
    }
    for (std::size_t i = 0; i < count && error_ == 0; ++i) {
      if (parts[i].iov_len > SSIZE_MAX - total_) {
        error_ = -EINVAL;
      } else if (parts[i].iov_base == nullptr && parts[i].iov_len != 0) {
        error_ = -EFAULT;
      }
      total_ += parts[i].iov_len;
    }
  }

  // -EFAULT, -EINVAL, `count_error`, or 0: then the rest holds.
  Answer error() const { return error_; }
  std::size_t total() const { return total_; }

  // What lies in one piece from `offset` on; empty at the end.
  MutableBytes piece_at(std::size_t offset) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t size = parts_[i].iov_len;
      if (offset < size)
        return {static_cast<std::uint8_t*>(parts_[i].iov_base) + offset, size - offset};
      offset -= size;
    }
    return {};
  }

 private:
  const iovec* parts_;
  std::size_t count_;
  std::size_t total_ = 0;
  Answer error_ = 0;
};

}  // namespace anteroom::posix
